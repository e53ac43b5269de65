# As the tools of an IDE write it.
FROM localhost/base AS base
USER 1654
WORKDIR /app
EXPOSE 8080
EXPOSE 8081

FROM localhost/base AS build
ARG BUILD_CONFIGURATION=Release
WORKDIR /src
COPY ["app/src/index.js", "app/src/"]
RUN cat "./app/src/index.js" > restored
COPY . .
WORKDIR "/src/app/src"
RUN echo build "./x.csproj" -c $BUILD_CONFIGURATION -o /app/build > /log

FROM build AS publish
ARG BUILD_CONFIGURATION=Release
RUN mkdir -p /app/publish && echo "$BUILD_CONFIGURATION" >/app/publish/out

FROM base AS final
WORKDIR /app
COPY --from=publish /app/publish .
ENTRYPOINT ["dotnet", "x.dll"]
